#!/usr/bin/env node
// Prints traces, under QNX' name for the command.
process.argv.splice(2, 0, 'traceevent');
await import('#main');
