// Boots Debian's stock arm64 kernel, waits for its shell, runs commands in it and powers it off.
//   npx qvm guest fetch debian-arm64 && node examples/boot-linux.mjs 'uname -a' 'cat /proc/cpuinfo'
import { GuestFetchError, guestCacheDirectory, verifyGuest } from '@qvm/guests';
import { createHypervisor } from '@qvm/sdk';

const commands = process.argv.slice(2);
if (commands.length === 0) commands.push('uname -a', 'cat /proc/interrupts');

try {
  await verifyGuest('debian-arm64');
} catch (error) {
  if (!(error instanceof GuestFetchError)) throw error;
  console.error(`${error.message}\nRun: npx qvm guest fetch debian-arm64`);
  process.exit(1);
}

const hypervisor = createHypervisor({ environment: { ...process.env, QVM_GUESTS: guestCacheDirectory() } });
const vm = await hypervisor.createVm({ configFile: new URL('linux.qvmconf', import.meta.url).pathname });
for (const warning of vm.warnings) console.error(warning.message);

// The console keeps its input until the guest's shell reads it, so there is no need to wait for the prompt.
vm.console.send(`${[...commands, 'poweroff -f'].join('; ')}\n`);
await vm.start();

const decoder = new TextDecoder();
let output = '';
for await (const bytes of vm.console.output) {
  process.stdout.write(bytes);
  output += decoder.decode(bytes, { stream: true });
}

const { exitCode, reason } = await vm.exit;
const { instructions, time, busyTime } = vm.stats();
console.log(`\n${reason} ${(time / 1e9).toFixed(1)} s, ${((instructions * 1e3) / busyTime).toFixed(0)} MIPS`);
await hypervisor.dispose();
process.exitCode = exitCode === 0 && output.includes('GUEST-READY') ? 0 : 1;
