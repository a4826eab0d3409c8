"""Tests of the agreement of maps that differ in their baseline."""
