"""Mistakes that the exercises of 01 know by name: (exercise, answer, words of the diagnosis)."""

import math

import torch

LETTER = 0.811278


WRONG = [
    ("1.1", lambda ids: (ids[1:], ids[:-1]), "backwards"),
    ("1.1", lambda ids: (ids, ids), "not shifted"),
    ("1.1", lambda ids: (ids[:-1], ids[:-1]), "not shifted"),
    ("1.1", lambda ids: (ids, ids.roll(-1)), "wrap around"),
    ("1.1", lambda ids: (ids, ids[1:]), "one input more"),
    ("1.1", lambda ids: (ids[:-2], ids[2:]), "shifted by two"),
    ("1.1", lambda ids: (ids[:-1], ids[2:]), "5 inputs and 4 targets"),
    ("1.1", lambda ids: ids[1:], "return two things"),
    ("1.1", lambda ids: (ids[:3], ids[2:5]), "the inputs are 7 3 5"),
    ("1.2", lambda b, t, n, B: t * B + b, "like cards"),
    ("1.2", lambda b, t, n, B: b * B + t, "does not start at b * B"),
    ("1.2", lambda b, t, n, B: t * ((n - 1) // B) + b, "changed places"),
    ("1.2", lambda b, t, n, B: b * ((n - 1) // B) + t + 1, "its target"),
    ("1.2", lambda b, t, n, B: (b - 1) * ((n - 1) // B) + t, "counted from 0"),
    ("1.2", lambda b, t, n, B: t, "within the stream"),
    ("1.2", lambda b, t, n, B: b * (n // B) + t, "39 // 4"),
    ("1.2", lambda b, t, n, B: 25, "for b = 3"),
    ("1.2", lambda b, t, n, B: 99, "it is 25"),
    ("1.3", lambda losses: losses.mean(), "still in nats"),
    ("1.3", lambda losses: losses.mean() * math.log(2), "must grow"),
    ("1.3", lambda losses: losses.sum() / math.log(2), "whole text"),
    ("1.3", lambda losses: losses / math.log(2), "for each character"),
    ("1.3", lambda losses: losses.mean() / math.log(10), "decimal"),
    ("1.3", lambda losses: torch.log2(losses).mean(), "no second logarithm"),
    ("1.3", lambda losses: losses.mean().exp(), "perplexity"),
    ("1.3", lambda losses: 0.0, "2.885 bits"),
    ("1.4", LETTER, "per letter"),
    ("1.4", LETTER * math.log(2) / 2, "in nats; the question"),
    ("1.4", LETTER * math.log(2), "in nats, and per letter"),
    ("1.4", 0.5, "equally likely; a is three times"),
    ("1.4", 1.0, "one bit is"),
    ("1.4", 0.2075, "once in four there is a b"),
    ("1.4", 0.6038, "weight them"),
    ("1.4", 0.7925, "spaces are certain"),
    ("1.4", 1.585, "uniform model"),
    ("1.4", 0.1, "0.100 bits is not it"),
    ("1.4", "half", "your code stopped with"),
]


RIGHT = [
    ("1.1", lambda ids: [ids[: len(ids) - 1], ids.roll(-1)[:-1]]),
    ("1.3", lambda losses: float(losses.mean() * math.log2(math.e))),
    ("1.4", 0.406),
]
