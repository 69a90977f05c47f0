//! Which files make a model: the graph, its tokenizer, what `config.json` says about it.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::Error;

/// Exporters put the graph beside the tokenizer, or into this folder.
const GRAPH_FOLDER: &str = "onnx";

/// The files of one model; the tokenizer may not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ModelFiles {
    pub(crate) model: PathBuf,
    pub(crate) tokenizer: PathBuf,
    config: PathBuf,
}

/// What `config.json` tells beyond the graph.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Config {
    pub(crate) model_type: Option<String>,
    pub(crate) max_positions: Option<usize>,
}

impl ModelFiles {
    /// The model at `path`: an .onnx file, or a folder that holds one under the first of `names` that exists.
    pub(crate) fn locate(path: &Path, names: &[&str]) -> Result<Self, Error> {
        let model = if path.is_dir() {
            graph_in(path, names)?
        } else {
            path.to_path_buf()
        };
        let beside = model.parent().unwrap_or(Path::new(""));
        let above = beside.parent().filter(|_| beside.ends_with(GRAPH_FOLDER));
        let companion = |name: &str| {
            let in_above = above
                .map(|folder| folder.join(name))
                .filter(|file| file.exists());
            Some(beside.join(name))
                .filter(|file| file.exists())
                .or(in_above)
        };
        Ok(Self {
            tokenizer: companion("tokenizer.json").unwrap_or_else(|| beside.join("tokenizer.json")),
            config: companion("config.json").unwrap_or_default(),
            model,
        })
    }

    /// What `config.json` says; nothing if there is none, as it is optional.
    pub(crate) fn config(&self) -> Result<Config, Error> {
        if self.config.as_os_str().is_empty() {
            return Ok(Config::default());
        }
        let text =
            std::fs::read_to_string(&self.config).map_err(|e| Error::model(&self.config, e))?;
        let json: Value = serde_json::from_str(&text)
            .map_err(|e| Error::model(&self.config, format!("not JSON: {e}")))?;
        let max_positions = json.get("max_position_embeddings").and_then(Value::as_u64);
        Ok(Config {
            model_type: json
                .get("model_type")
                .and_then(Value::as_str)
                .map(str::to_owned),
            max_positions: max_positions
                .and_then(|n| usize::try_from(n).ok())
                .filter(|&n| n > 0),
        })
    }
}

fn graph_in(folder: &Path, names: &[&str]) -> Result<PathBuf, Error> {
    let nested = folder.join(GRAPH_FOLDER);
    let mut places = names
        .iter()
        .flat_map(|name| [folder.join(name), nested.join(name)]);
    places.find(|file| file.exists()).ok_or_else(|| {
        Error::model(
            folder,
            format!("holds no model; looked for {}", names.join(", ")),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of files that goes when the test does.
    struct Folder(PathBuf);

    impl Folder {
        fn with(name: &str, files: &[(&str, &str)]) -> Self {
            let id = std::process::id();
            let root = std::env::temp_dir().join(format!("toposcope-locate-{id}-{name}"));
            for (file, content) in files {
                let file = root.join(file);
                std::fs::create_dir_all(file.parent().expect("parent")).expect("folder");
                std::fs::write(file, content).expect("file");
            }
            Self(root)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn flat_and_nested_folders_and_single_files() {
        let files = [("model.onnx", ""), ("tokenizer.json", "")];
        let flat = Folder::with("flat", &files);
        let files = [
            ("onnx/model_fp16.onnx", ""),
            ("tokenizer.json", ""),
            ("config.json", "{}"),
        ];
        let nested = Folder::with("nested", &files);
        let (flat, nested) = (&flat.0, &nested.0);
        let names = ["model.onnx", "model_fp16.onnx"];
        for (path, root, model) in [
            (flat.clone(), flat, "model.onnx"),
            (flat.join("model.onnx"), flat, "model.onnx"),
            (nested.clone(), nested, "onnx/model_fp16.onnx"),
            (
                nested.join("onnx/model_fp16.onnx"),
                nested,
                "onnx/model_fp16.onnx",
            ),
        ] {
            let files = ModelFiles::locate(&path, &names).expect("located");
            assert_eq!(files.model, root.join(model));
            assert_eq!(files.tokenizer, root.join("tokenizer.json"));
            assert_eq!(files.config(), Ok(Config::default()));
        }
        let error = ModelFiles::locate(nested, &["model.onnx"])
            .expect_err("found")
            .to_string();
        assert!(
            error.contains("holds no model; looked for model.onnx"),
            "{error}"
        );
    }

    #[test]
    fn config_is_read_or_refused() {
        let good = "{\"model_type\": \"qwen2\", \"max_position_embeddings\": 512}";
        let config_of = |name, config| {
            let folder = Folder::with(name, &[("model.onnx", ""), ("config.json", config)]);
            let files = ModelFiles::locate(&folder.0, &["model.onnx"]).expect("located");
            files.config()
        };
        let config = Config {
            model_type: Some("qwen2".to_owned()),
            max_positions: Some(512),
        };
        assert_eq!(config_of("good", good), Ok(config));
        let error = config_of("bad", "{").expect_err("read").to_string();
        assert!(error.contains("config.json: not JSON"), "{error}");
    }
}
