#!/usr/bin/env node
// Records traces under the name that QNX has for it.
process.argv.splice(2, 0, 'tracelogger');
await import('#main');
