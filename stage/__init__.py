"""The lecture as a page in the browser.

It imports no other room: those would load Keras, which takes seconds.
"""
