"""Finding what runs said and did: by words and by likeness, in an index that holds neither words nor content in the
clear.
"""
