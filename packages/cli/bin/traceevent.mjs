#!/usr/bin/env node
// Prints traces under the name that QNX has for it.
process.argv.splice(2, 0, 'traceevent');
await import('#main');
