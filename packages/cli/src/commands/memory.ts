import { resolve } from 'node:path';
import { parseAddress, parseSize } from '@qvm/core/options';
import type { ControlClient } from '@qvm/host';
import { OutputFile } from '@qvm/sdk';
import { withHost, type HostFlags } from '../host/connect.js';
import { CliExitCode } from '../report/exit-codes.js';
import { hexDump } from '../report/hex-dump.js';
import { printJson } from '../report/print.js';
import { CliError } from '../report/report-error.js';
import { bytesText } from '../report/units.js';

/** Size of one request in bytes, within the host's limit. */
const CHUNK = 0x4_0000;

/** Options of `qvm memdump`. */
export interface MemdumpFlags extends HostFlags {
  readonly output?: string;
  readonly raw?: boolean;
  /** Whether the address is a virtual address of the guest. */
  readonly virtual?: boolean;
  /** Number of the vCPU whose tables are used. */
  readonly vcpu?: number;
}

/** `qvm memdump`: prints memory in hexadecimal, or writes its bytes. */
export async function dumpMemory(vm: string, from: string, size: string, flags: MemdumpFlags): Promise<void> {
  const address = flags.virtual === true ? virtualAddress(from) : BigInt(numberOf(parseAddress(from), from));
  const length = numberOf(parseSize(size), size);
  const { output } = flags;
  await withHost(flags, async (host) => {
    if (output === undefined) {
      for await (const { at, bytes } of chunks(host, vm, { address, length }, flags)) {
        process.stdout.write(flags.raw === true ? bytes : hexDump(bytes, at));
      }
      return;
    }
    const file = OutputFile.open(output, { owner: 'qvm memdump', mode: 0o600 });
    try {
      for await (const { bytes } of chunks(host, vm, { address, length }, flags)) file.write(bytes);
    } finally {
      file.close();
    }
  });
}

async function* chunks(
  host: ControlClient,
  vm: string,
  { address, length }: { readonly address: bigint; readonly length: number },
  { virtual, vcpu }: MemdumpFlags,
): AsyncGenerator<{ readonly at: bigint; readonly bytes: Uint8Array }> {
  for (let done = 0; done < length; done += CHUNK) {
    const at = BigInt.asUintN(64, address + BigInt(done));
    const count = Math.min(CHUNK, length - done);
    const { base64 } =
      virtual === true
        ? await host.request('vm.virtualMemory', {
            vm,
            address: `0x${at.toString(16)}`,
            length: count,
            ...(vcpu === undefined ? {} : { vcpu }),
          })
        : await host.request('vm.memory', { vm, address: Number(at), length: count });
    yield { at, bytes: Buffer.from(base64, 'base64') };
  }
}

/** Virtual addresses have 64 bits, more than a number holds exactly. */
function virtualAddress(text: string): bigint {
  if (/^0x[0-9a-f]{1,16}$/i.test(text)) return BigInt(text);
  throw new CliError(`"${text}" is no virtual address: write 0x and up to 16 digits`, CliExitCode.Usage);
}

/** `qvm dump`: writes a core file of a VM, which continues afterwards. */
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
