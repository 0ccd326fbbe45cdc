import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseAddress, parseSize } from '@qvm/config';
import type { ControlClient } from '@qvm/host';
import { withHost, type HostFlags } from '../host/connect.js';
import { CliExitCode } from '../report/exit-codes.js';
import { hexDump } from '../report/hex-dump.js';
import { printJson } from '../report/print.js';
import { CliError } from '../report/report-error.js';
import { bytesText } from '../report/units.js';

/** Bytes of one request; a host gives no more at once. */
const CHUNK = 0x4_0000;

/** Options of `qvm memdump`. */
export interface MemdumpFlags extends HostFlags {
  readonly output?: string;
  readonly raw?: boolean;
}

/** `qvm memdump`: guest-physical memory in hexadecimal, or as it is. */
export async function dumpMemory(vm: string, from: string, size: string, flags: MemdumpFlags): Promise<void> {
  const address = numberOf(parseAddress(from), from);
  const length = numberOf(parseSize(size), size);
  const { output } = flags;
  await withHost(flags, async (host) => {
    if (output === undefined) {
      for await (const { at, bytes } of chunks(host, vm, address, length)) {
        process.stdout.write(flags.raw === true ? bytes : hexDump(bytes, at));
      }
      return;
    }
    const file = await open(output, 'w', 0o600);
    try {
      for await (const { bytes } of chunks(host, vm, address, length)) await file.write(bytes);
    } finally {
      await file.close();
    }
  });
}

async function* chunks(
  host: ControlClient,
  vm: string,
  address: number,
  length: number,
): AsyncGenerator<{ readonly at: number; readonly bytes: Uint8Array }> {
  for (let done = 0; done < length; done += CHUNK) {
    const at = address + done;
    const { base64 } = await host.request('vm.memory', { vm, address: at, length: Math.min(CHUNK, length - done) });
    yield { at, bytes: Buffer.from(base64, 'base64') };
  }
}

/** `qvm dump`: a core file of a VM, which goes on afterwards. */
export async function dumpVm(vm: string, file: string, flags: HostFlags & { readonly json?: boolean }): Promise<void> {
  const path = resolve(file);
  const { bytes } = await withHost(flags, (host) => host.request('vm.dump', { vm, path }));
  if (flags.json === true) printJson({ name: vm, path, bytes });
  else process.stderr.write(`qvm: ${path}: ${bytesText(bytes)} of memory\n`);
}

function numberOf(result: ReturnType<typeof parseSize>, text: string): number {
  if (result.ok) return result.value;
  throw new CliError(`"${text}": ${result.message}`, CliExitCode.Usage);
}
