// Boots the embedded guest in this process, counts its guest exits by cause, and prints its console output.
//   node examples/embed-minimal.mjs
import { embeddedGuest } from '@qvm/guests';
import { createHypervisor } from '@qvm/sdk';

const hypervisor = createHypervisor();
const vm = await hypervisor.createVm({
  name: 'embedded',
  image: { name: 'embedded guest', bytes: embeddedGuest().image },
  ram: [{ size: '64M' }],
});

const exits = new Map();
for (const { hooks } of vm.vcpus) {
  hooks.guestExit.tap('example', ({ cause }) => void exits.set(cause, (exits.get(cause) ?? 0) + 1));
}

await vm.start();
for await (const bytes of vm.console.output) process.stdout.write(bytes);

const { exitCode, reason } = await vm.exit;
console.log(`\n${reason} ${vm.stats().instructions} instructions; guest exits:`, Object.fromEntries(exits));
await hypervisor.dispose();
process.exitCode = exitCode;
