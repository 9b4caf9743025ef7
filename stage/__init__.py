"""The lecture as a page in the browser.

Of the other rooms it imports only the window's web server: the others would load Keras, which takes seconds.
"""
