"""Decisions, tasks, questions and summaries by a language model, where the settings name one: asked for each text once,
believed in nothing, paid for within a budget. Without one, and wherever it fails, the rules' items stay."""
