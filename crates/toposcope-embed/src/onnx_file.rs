//! A look into a model file before ONNX Runtime sees it.
//!
//! A model is code-like input. A file that reads other files (external data) or wants foreign operators is refused here;
//! what is accepted is handed on as the very bytes that were inspected. The walk decodes protobuf's wire format only as far
//! as the few fields it asks for, skips weights by their length, and never recurses deeper than [`MAX_DEPTH`].

use std::path::Path;

use crate::Error;

/// Subgraphs within subgraphs: real models have two or three levels.
const MAX_DEPTH: usize = 32;
/// A protobuf message cannot be larger.
const MAX_BYTES: u64 = 1 << 31;
/// Operators whose activation scale is taken from everything that is in the call.
const DYNAMIC_INT8: [&str; 4] = [
    "DynamicQuantizeLinear",
    "DynamicQuantizeMatMul",
    "DynamicQuantizeLSTM",
    "DynamicQuantizeMatMulIntegerToFloat",
];
/// Operators that pass the embedding table through unchanged on its way to the look-up.
const TRANSPARENT: [&str; 3] = ["Cast", "Identity", "DequantizeLinear"];

/// An inspected model file.
#[derive(Debug)]
pub(crate) struct OnnxFile {
    pub(crate) bytes: Vec<u8>,
    pub(crate) facts: Facts,
}

/// What only the file itself tells, not the loaded model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Whether activations are quantised at run time, so that results depend on what else is in the call.
    pub(crate) dynamic_int8: bool,
    /// Rows of the table in which token ids are looked up, if that is how the graph begins.
    pub(crate) n_embeddings: Option<usize>,
}

impl OnnxFile {
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let problem = |reason: String| Error::model(path, reason);
        let about = std::fs::metadata(path).map_err(|e| problem(e.to_string()))?;
        if !about.is_file() {
            return Err(problem("not a file".to_owned()));
        }
        if about.len() >= MAX_BYTES {
            return Err(problem(format!(
                "{} bytes, over the limit of 2 GiB; models with external data are not supported",
                about.len()
            )));
        }
        let bytes = std::fs::read(path).map_err(|e| problem(e.to_string()))?;
        let facts = inspect(&bytes).map_err(problem)?;
        Ok(Self { bytes, facts })
    }
}

/// What a look at the bytes tells; `Err` says why they are refused.
fn inspect(bytes: &[u8]) -> Result<Facts, String> {
    if bytes.is_empty() {
        return Err("not an ONNX model: the file is empty".to_owned());
    }
    let broken = |Malformed| "not an ONNX model, or truncated".to_owned();
    let mut graph = None;
    for field in Fields::of(bytes) {
        match field.map_err(broken)? {
            (7, Value::Bytes(message)) => graph = Some(message),
            (8, Value::Bytes(opset)) => check_domain(opset)?,
            _ => {}
        }
    }
    let graph = graph.ok_or("not an ONNX model, or truncated: there is no graph")?;
    let mut walk = Walk::default();
    walk.graph(graph, 0).map_err(broken)?;
    match walk.external {
        Some(name) => Err(format!(
            "tensor {name:?} is kept in another file; models with external data are not supported, save it as one file"
        )),
        None => Ok(Facts {
            dynamic_int8: walk.dynamic_int8,
            n_embeddings: walk.n_embeddings(),
        }),
    }
}

fn check_domain(opset: &[u8]) -> Result<(), String> {
    let domain = text_field(opset, 1).map_err(|Malformed| "not an ONNX model, or truncated")?;
    let known = matches!(domain.as_str(), "" | "ai.onnx" | "ai.onnx.ml");
    if known || domain.starts_with("com.microsoft") {
        return Ok(());
    }
    Err(format!(
        "uses operators of {domain:?}; custom operators are not supported"
    ))
}

/// The bytes are not protobuf.
#[derive(Debug, Clone, Copy)]
struct Malformed;

/// What is gathered on the way through a graph.
#[derive(Default)]
struct Walk {
    dynamic_int8: bool,
    external: Option<String>,
    /// Name and first dimension of the top graph's initializers.
    tables: Vec<(String, usize)>,
    /// Output to first input of the top graph's transparent operators.
    passed_on: Vec<(String, String)>,
    /// First input of the operator that looks up `input_ids`.
    looked_up: Option<String>,
}

impl Walk {
    fn graph(&mut self, graph: &[u8], depth: usize) -> Result<(), Malformed> {
        if depth > MAX_DEPTH {
            return Err(Malformed);
        }
        for field in Fields::of(graph) {
            match field? {
                (1, Value::Bytes(node)) => self.node(node, depth)?,
                (5, Value::Bytes(tensor)) => self.tensor(tensor, depth)?,
                (15, Value::Bytes(sparse)) => self.sparse_tensor(sparse, depth)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn node(&mut self, node: &[u8], depth: usize) -> Result<(), Malformed> {
        let (mut inputs, mut output, mut kind) = (Vec::new(), String::new(), String::new());
        for field in Fields::of(node) {
            match field? {
                (1, Value::Bytes(name)) => inputs.push(text(name)),
                (2, Value::Bytes(name)) if output.is_empty() => output = text(name),
                (4, Value::Bytes(name)) => kind = text(name),
                (5, Value::Bytes(attribute)) => self.attribute(attribute, depth)?,
                _ => {}
            }
        }
        self.dynamic_int8 |= DYNAMIC_INT8.contains(&kind.as_str());
        if depth == 0 {
            self.follow(&kind, inputs, output);
        }
        Ok(())
    }

    fn follow(&mut self, kind: &str, mut inputs: Vec<String>, output: String) {
        if kind.starts_with("Gather") && inputs.get(1).is_some_and(|name| name == "input_ids") {
            self.looked_up = Some(inputs.swap_remove(0));
        } else if TRANSPARENT.contains(&kind) && !inputs.is_empty() {
            self.passed_on.push((output, inputs.swap_remove(0)));
        }
    }

    fn attribute(&mut self, attribute: &[u8], depth: usize) -> Result<(), Malformed> {
        for field in Fields::of(attribute) {
            match field? {
                (5 | 10, Value::Bytes(tensor)) => self.tensor(tensor, depth + 1)?,
                (6 | 11, Value::Bytes(graph)) => self.graph(graph, depth + 1)?,
                (22 | 23, Value::Bytes(sparse)) => self.sparse_tensor(sparse, depth + 1)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn sparse_tensor(&mut self, sparse: &[u8], depth: usize) -> Result<(), Malformed> {
        for field in Fields::of(sparse) {
            if let (1 | 2, Value::Bytes(tensor)) = field? {
                self.tensor(tensor, depth + 1)?;
            }
        }
        Ok(())
    }

    fn tensor(&mut self, tensor: &[u8], depth: usize) -> Result<(), Malformed> {
        let (mut name, mut n_rows, mut external) = (String::new(), None, false);
        for field in Fields::of(tensor) {
            match field? {
                (1, Value::Varint(rows)) => n_rows = n_rows.or(usize::try_from(rows).ok()),
                (1, Value::Bytes(packed)) => n_rows = n_rows.or(first_varint(packed)),
                (8, Value::Bytes(bytes)) => name = text(bytes),
                (13, _) => external = true,
                (14, Value::Varint(location)) => external |= location != 0,
                _ => {}
            }
        }
        if external {
            self.external.get_or_insert(name);
        } else if let (Some(rows), 0) = (n_rows, depth) {
            self.tables.push((name, rows));
        }
        Ok(())
    }

    fn n_embeddings(&self) -> Option<usize> {
        let mut name = self.looked_up.as_deref()?;
        for _ in 0..TRANSPARENT.len() {
            if let Some((_, rows)) = self.tables.iter().find(|(table, _)| table == name) {
                return Some(*rows);
            }
            name = &self.passed_on.iter().find(|(output, _)| output == name)?.1;
        }
        None
    }
}

/// A field's content, as far as the wire format tells.
enum Value<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    Fixed,
}

/// The fields of one protobuf message, in order.
struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    fn of(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    fn field(&mut self) -> Result<(u64, Value<'a>), Malformed> {
        let key = self.varint()?;
        let value = match key & 7 {
            0 => Value::Varint(self.varint()?),
            1 => self.take(8).map(|_| Value::Fixed)?,
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| Malformed)?;
                Value::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Value::Fixed)?,
            _ => return Err(Malformed),
        };
        match key >> 3 {
            0 => Err(Malformed),
            number => Ok((number, value)),
        }
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(n).ok_or(Malformed)?;
        self.rest = rest;
        Ok(taken)
    }

    fn varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Malformed)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Value<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn text_field(message: &[u8], wanted: u64) -> Result<String, Malformed> {
    for field in Fields::of(message) {
        if let (number, Value::Bytes(bytes)) = field?
            && number == wanted
        {
            return Ok(text(bytes));
        }
    }
    Ok(String::new())
}

fn first_varint(packed: &[u8]) -> Option<usize> {
    let value = Fields::of(packed).varint().ok()?;
    usize::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A length-delimited field.
    fn nested(number: u8, content: &[u8]) -> Vec<u8> {
        assert!(content.len() < 128, "one length byte");
        [&[number << 3 | 2, content.len() as u8], content].concat()
    }

    fn tensor(name: &str, extra: &[u8]) -> Vec<u8> {
        [&nested(1, &[3, 2]), &nested(8, name.as_bytes()), extra].concat()
    }

    fn node(kind: &str, inputs: &[&str], output: &str) -> Vec<u8> {
        let inputs = inputs.iter().map(|name| nested(1, name.as_bytes()));
        let mut fields: Vec<Vec<u8>> = inputs.collect();
        fields.push(nested(2, output.as_bytes()));
        fields.push(nested(4, kind.as_bytes()));
        fields.concat()
    }

    fn model(graph_fields: &[Vec<u8>]) -> Vec<u8> {
        nested(7, &graph_fields.concat())
    }

    #[test]
    fn external_data_is_found_wherever_a_tensor_may_be() {
        let outside = tensor("w", &[14 << 3, 1]);
        let listed = tensor("w", &nested(13, &[]));
        let in_attribute = nested(1, &nested(5, &nested(5, &outside)));
        let in_subgraph = nested(1, &nested(5, &nested(6, &nested(5, &outside))));
        let in_sparse = nested(15, &nested(1, &outside));
        for place in [
            nested(5, &outside),
            nested(5, &listed),
            in_attribute,
            in_subgraph,
            in_sparse,
        ] {
            let reason = inspect(&model(&[place])).expect_err("accepted");
            assert!(reason.contains("\"w\" is kept in another file"), "{reason}");
        }
        assert!(inspect(&model(&[nested(5, &tensor("w", &[14 << 3, 0]))])).is_ok());
    }

    #[test]
    fn foreign_operators_are_refused() {
        let with_opset = |domain: &str| {
            let opset = nested(8, &nested(1, domain.as_bytes()));
            inspect(&[model(&[node("Add", &[], "y")]).as_slice(), &opset].concat())
        };
        assert!(with_opset("").is_ok() && with_opset("com.microsoft").is_ok());
        assert!(with_opset("evil.ops").is_err_and(|reason| reason.contains("evil.ops")));
    }

    #[test]
    fn table_of_token_embeddings_is_traced_through_casts() {
        let graph = |lookup: &str| {
            model(&[
                nested(5, &tensor("table", &[])),
                nested(1, &node("Cast", &["table"], "wide")),
                nested(1, &node("Gather", &[lookup, "input_ids"], "x")),
            ])
        };
        for lookup in ["table", "wide"] {
            assert_eq!(inspect(&graph(lookup)).map(|f| f.n_embeddings), Ok(Some(3)));
        }
        assert_eq!(
            inspect(&graph("elsewhere")).map(|f| f.n_embeddings),
            Ok(None)
        );
    }

    #[test]
    fn dynamic_quantisation_is_seen() {
        let facts = |kind| inspect(&model(&[nested(1, &node(kind, &["x"], "y"))]));
        assert_eq!(
            facts("DynamicQuantizeLinear").map(|f| f.dynamic_int8),
            Ok(true)
        );
        assert_eq!(facts("MatMul").map(|f| f.dynamic_int8), Ok(false));
    }

    #[test]
    fn bytes_that_are_no_model_are_refused() {
        let good = model(&[nested(5, &tensor("w", &[]))]);
        let deep = (0..MAX_DEPTH + 2).fold(Vec::new(), |graph, _| {
            let mut node = vec![1 << 3 | 2];
            let inner = long(5, &long(6, &graph));
            node.extend(varint(inner.len()));
            node.extend(inner);
            node
        });
        for bytes in [
            &[][..],
            b"hello, this is text",
            &[0xff; 40],
            &[0x08, 0x07],
            &good[..good.len() - 3],
            &long(7, &deep),
        ] {
            assert!(
                inspect(bytes).is_err_and(|r| r.starts_with("not an ONNX model")),
                "{bytes:?}"
            );
        }
    }

    fn varint(mut n: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        while n > 127 {
            bytes.push((n & 127) as u8 | 128);
            n >>= 7;
        }
        bytes.push(n as u8);
        bytes
    }

    fn long(number: u8, content: &[u8]) -> Vec<u8> {
        [
            vec![number << 3 | 2],
            varint(content.len()),
            content.to_vec(),
        ]
        .concat()
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_get_an_answer(bytes: Vec<u8>) {
            let _ = inspect(&bytes);
        }
    }
}
