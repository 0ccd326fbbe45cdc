#!/usr/bin/env node
// The host under the name that it has in other hypervisors' start scripts.
process.argv.splice(2, 0, 'host');
await import('#main');
