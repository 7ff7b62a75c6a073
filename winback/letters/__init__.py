"""Letters: from a folder of templates and a catalogue of sentences to a finished subject, HTML and text in one language."""
