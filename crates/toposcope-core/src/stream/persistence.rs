//! From landmarks to their diagram.

use crate::stream::landmarks::Landmarks;
use crate::{Control, Diagram, DistanceMatrix, Error, RipsInput, RipsParams, rips};

/// The landmarks before and after a push.
pub(crate) struct LandmarkChange<'a> {
    pub(crate) before: &'a Landmarks,
    pub(crate) after: &'a Landmarks,
}

impl LandmarkChange<'_> {
    /// Whether no landmark came or went. Positions never move, so the distances are then the same too.
    fn is_empty(&self) -> bool {
        let ids = |landmarks: &Landmarks| landmarks.iter().map(|l| l.id).collect::<Vec<_>>();
        ids(self.before) == ids(self.after)
    }
}

/// Keeps the diagram of a changing set of landmarks. The rest of the stream knows it by [`Self::update`] alone, so that
/// how the diagram is found can change without it.
#[derive(Debug)]
pub(crate) struct LandmarkPersistence {
    params: RipsParams,
    current: Option<Diagram>,
}

impl LandmarkPersistence {
    pub(crate) fn new(params: RipsParams) -> Self {
        Self {
            params,
            current: None,
        }
    }

    /// The diagram of `change.after`: that of the batch engine, computed anew if any landmark came or went.
    /// On an error, nothing has changed.
    pub(crate) fn update(
        &mut self,
        change: &LandmarkChange,
        control: &Control,
    ) -> Result<Diagram, Error> {
        if let Some(current) = &self.current
            && change.is_empty()
        {
            control.poll_last()?;
            return Ok(current.clone());
        }
        let distances =
            DistanceMatrix::from_lower(change.after.lower_triangle(), change.after.len())?;
        let diagram = rips(RipsInput::Dense(&distances), &self.params, control)?;
        control.poll_last()?;
        self.current = Some(diagram.clone());
        Ok(diagram)
    }
}
