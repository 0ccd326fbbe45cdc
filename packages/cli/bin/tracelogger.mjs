#!/usr/bin/env node
// Records traces, under QNX' name for the command.
process.argv.splice(2, 0, 'tracelogger');
await import('#main');
