import { closeSync, readSync } from 'node:fs';

/** Bytes of a trace that are read: a VM that runs shows at its begin. */
const TRACE_BYTES = 0x4_0000;

/** Names of the VMs of configurations; of those that cannot be read there are none. */
export async function vmsOfConfigs(files: readonly string[]): Promise<readonly string[]> {
  if (files.length === 0) return [];
  const { openHypervisor } = await import('../hypervisor.js');
  const hypervisor = await openHypervisor();
  const { vms } = await hypervisor.loadConfigs(files);
  await hypervisor.dispose();
  return vms.map(({ name }) => name);
}

/** Names of the VMs that traces begin with; of those that cannot be read there are none. */
export async function vmsOfTraces(files: readonly string[]): Promise<readonly string[]> {
  const names = await Promise.all(files.map((file) => vmsOfTrace(file).catch(() => [])));
  return [...new Set(names.flat())];
}

async function vmsOfTrace(file: string): Promise<readonly string[]> {
  const [{ openInput }, { TraceReader }] = await Promise.all([import('@qvm/sdk'), import('@qvm/trace')]);
  const { descriptor } = openInput(file);
  try {
    const bytes = new Uint8Array(TRACE_BYTES);
    const reader = new TraceReader();
    reader.push(bytes.subarray(0, readSync(descriptor, bytes)));
    return Array.from(reader.end().events(), ({ vm }) => vm);
  } finally {
    closeSync(descriptor);
  }
}
