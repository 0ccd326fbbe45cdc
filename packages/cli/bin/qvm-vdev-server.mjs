#!/usr/bin/env node
// Runs the host under the name that start scripts of other hypervisors use.
process.argv.splice(2, 0, 'host');
await import('#main');
