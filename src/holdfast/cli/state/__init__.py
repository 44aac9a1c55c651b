"""Commands for states, in a file each. README.md beside this file says how to add one."""
