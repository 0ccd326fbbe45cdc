import type { MachineServices } from '../architecture/architecture.js';
import type { HypercallEvent, HypercallResult } from '../hooks/vcpu-hooks.js';
import { Owner, isWide, queriedFunction } from './function-id.js';
import { HypercallStatus } from './hypercall.js';
import type { HypercallRegistry } from './hypercall.js';
import { HypervisorCalls } from './hypervisor-calls.js';

/** Numbers of the calls about the caller's own VM (see docs/hypercalls.md). */
enum MachineCall {
  Features = 0x0,
  VmName = 0x1,
  VmEnd = 0x2,
  VmReset = 0x3,
}

const PROVIDER = 'qvm';
/** Lowest exit code that a guest may choose besides 0, the normal end. */
const FIRST_FREE_EXIT_CODE = 32;
const LAST_FREE_EXIT_CODE = 63;
/** Registers that carry a piece of the name, the second to the fourth one of a result. */
const NAME_REGISTERS = 3;
const WIDE_BYTES = 8;
const NARROW_BYTES = 4;

const SUCCESS: HypercallResult = [BigInt(HypercallStatus.Success)];
const INVALID_PARAMETER: HypercallResult = [BigInt(HypercallStatus.InvalidParameter)];

/**
 * The calls of a machine, with those by which a guest reads its VM's name and controls its life cycle.
 *
 * @experimental
 */
export function machineCalls(services: Pick<MachineServices, 'name' | 'request'>): HypervisorCalls {
  const calls = new HypervisorCalls();
  const name = new TextEncoder().encode(services.name);
  const registry: HypercallRegistry = calls;
  registry.add(MachineCall.Features, PROVIDER, ({ args: [queried = 0n] }) => featureOf(calls, queried));
  registry.add(MachineCall.VmName, PROVIDER, (event) => pieceOfName(name, event));
  registry.add(MachineCall.VmEnd, PROVIDER, (event) => endVm(services, event));
  registry.add(MachineCall.VmReset, PROVIDER, () => {
    services.request({ kind: 'reset' });
    return SUCCESS;
  });
  return calls;
}

function featureOf(calls: HypervisorCalls, id: bigint): HypercallResult {
  const queried = queriedFunction(id);
  const known = queried?.owner === (Owner.Hypervisor as number) && calls.has(queried);
  return [BigInt(known ? HypercallStatus.Success : HypercallStatus.NotSupported)];
}

/** Returns the length of the whole name and up to three registers of its bytes from an offset on, padded with zeros. */
function pieceOfName(name: Uint8Array, { functionId, args: [offset = 0n] }: HypercallEvent): HypercallResult {
  const bytes = isWide(functionId) ? WIDE_BYTES : NARROW_BYTES;
  if (offset > BigInt(name.length)) return INVALID_PARAMETER;
  const registers = Array.from({ length: NAME_REGISTERS }, (_, n) =>
    littleEndian(name, Number(offset) + n * bytes, bytes),
  );
  return [BigInt(name.length), ...registers];
}

function littleEndian(bytes: Uint8Array, at: number, count: number): bigint {
  return bytes.subarray(at, at + count).reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function endVm(
  services: Pick<MachineServices, 'request'>,
  { vcpu, args: [code = 0n] }: HypercallEvent,
): HypercallResult {
  if (code === 0n) services.request({ kind: 'poweroff' });
  else if (code >= BigInt(FIRST_FREE_EXIT_CODE) && code <= BigInt(LAST_FREE_EXIT_CODE)) {
    const reason = `The guest ended its VM with ${code} (vCPU ${vcpu.index}).`;
    services.request({ kind: 'terminate', exitCode: Number(code), reason });
  } else return INVALID_PARAMETER;
  return SUCCESS;
}
