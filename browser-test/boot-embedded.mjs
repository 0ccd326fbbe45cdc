// Runs in the browser: boots an embedded guest and gives back its output.
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

/** Boots the guests of all architectures to their end; the results by architecture. */
export async function bootAll() {
  return { aarch64: await bootEmbedded('aarch64'), x86_64: await bootEmbedded('x86_64') };
}

/** Boots a guest to its end. Everything that goes wrong becomes `error`, so that the runner can print it. */
async function bootEmbedded(architecture) {
  const place = { isolated: globalThis.crossOriginIsolated, makesCodeFromText: makesCodeFromText() };
  try {
    return { ...place, ...(await boot(architecture)) };
  } catch (error) {
    return { ...place, error: String(error?.stack ?? error) };
  }
}

async function boot(architecture) {
  const hypervisor = createHypervisor();
  const vm = await hypervisor.createVm({
    name: 'embedded',
    image: { name: 'embedded guest', bytes: embeddedGuest(architecture).image },
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
