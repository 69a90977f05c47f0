"""Inputs, each from a seed of its own. Add, never change."""

import numpy as np

import toposcope as ts


def sphere(n_points, n_dims=3):
    """Points on the unit sphere."""
    points = np.random.default_rng(1).normal(size=(n_points, n_dims))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def noisy_circles(n_points, n_dims):
    """Points on four circles in planes of their own, with noise."""
    rng = np.random.default_rng(2)
    points = rng.normal(scale=0.02, size=(n_points, n_dims))
    circle = np.arange(n_points) % 4
    angle = rng.uniform(0, 2 * np.pi, n_points)
    points[np.arange(n_points), 2 * circle] += np.cos(angle)
    points[np.arange(n_points), 2 * circle + 1] += np.sin(angle)
    return points


def chunks(n_chunks, n_points, n_dims):
    """Chunks of a stream that keeps its shape: four clusters, float32."""
    rng = np.random.default_rng(3)
    centres = rng.normal(scale=4.0, size=(4, n_dims))
    shape = (n_chunks, n_points)
    return (centres[rng.integers(4, size=shape)] + rng.normal(size=(*shape, n_dims))).astype(np.float32)


def diagrams(n_diagrams, n_intervals):
    """Diagrams of dimension 1, as many intervals each."""
    rng = np.random.default_rng(4)
    births = rng.uniform(0, 1, (n_diagrams, n_intervals))
    deaths = births + rng.exponential(0.2, (n_diagrams, n_intervals))
    pairs = np.stack([births, deaths], axis=2)
    return [ts.Diagram.from_arrays({1: h1}) for h1 in pairs]
