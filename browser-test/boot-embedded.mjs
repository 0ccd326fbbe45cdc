// Runs in the browser: boots the embedded guest and gives back its output.
import { embeddedGuest } from '@qvm/guests/embedded';
import { createHypervisor } from '@qvm/sdk';

/** Whether this place lets code be made from text; it must not, so that the test means something. */
function makesCodeFromText() {
  try {
    return new Function('return true')();
  } catch {
    return false;
  }
}

/** Boots the guest to its end. Everything that goes wrong becomes `error`, so that the runner can print it. */
export async function bootEmbedded() {
  const place = { isolated: globalThis.crossOriginIsolated, makesCodeFromText: makesCodeFromText() };
  try {
    return { ...place, ...(await boot()) };
  } catch (error) {
    return { ...place, error: String(error?.stack ?? error) };
  }
}

async function boot() {
  const hypervisor = createHypervisor();
  const vm = await hypervisor.createVm({
    name: 'embedded',
    image: { name: 'embedded guest', bytes: embeddedGuest().image },
    ram: [{ size: '64M' }],
  });
  await vm.start();
  const decoder = new TextDecoder();
  let output = '';
  for await (const bytes of vm.console.output) output += decoder.decode(bytes, { stream: true });
  const { exitCode, reason, cause } = await vm.exit;
  const { instructions, busyTime } = vm.stats();
  await hypervisor.dispose();
  return { output, exitCode, reason: cause?.stack ?? reason, instructions, milliseconds: busyTime / 1e6 };
}
