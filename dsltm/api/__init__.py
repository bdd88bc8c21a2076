"""The verbs of the command line for people who write Python; `import dsltm` offers them by their short names.

Files and arrays go in, files, arrays and plain records come out. No typer and no exit status may enter.
Nothing is printed unless `progress=True` asks for it, and warnings are Python's.
"""
