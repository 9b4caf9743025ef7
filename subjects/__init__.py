"""Data, panes and answers that only one lesson's subject needs, in a package for each subject.

A module beside these packages is shared by several subjects.
"""
