"""Runs a command in a terminal of its own, which is closed when standard input ends; says last how the command ended."""
import os, pty, select, sys

child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
while True:
    ready, _, _ = select.select([terminal, 0], [], [])
    if terminal in ready:
        try:
            sys.stdout.buffer.write(os.read(terminal, 65536))
            sys.stdout.flush()
        except OSError:  # The command has ended.
            break
    if 0 in ready and not os.read(0, 1024):
        break
os.close(terminal)
print("\nended", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
