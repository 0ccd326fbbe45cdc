import { type HypercallResult } from '@qvm/core/hooks';
import { HypercallStatus, SHARED_MEMORY_NAME_BYTES, type HypercallRegistry } from '@qvm/core/services';
import type { FactoryConnection } from './factory-connection.js';
import type { FactoryStatus } from './factory-page.js';

/** Numbers of the calls, described in docs/hypercalls.md. */
export enum RegionCall {
  Attach = 0x100,
  Notify = 0x101,
  Detach = 0x102,
}

/** Result of an attempt to connect. */
export interface Connected {
  readonly status: FactoryStatus;
  /** Absent unless the status is `Ok`. */
  readonly connection?: FactoryConnection;
}

/** The factory of a VM, from the view of the calls. */
export interface CallableFactory {
  readonly taken: readonly FactoryConnection[];
  /** @param bytes - size for creating the region if it does not exist; 0: it must exist. */
  connect(name: string, bytes: number): Connected;
  vector(): number;
}

/** In these calls, statuses of the factory page are −16, −17, …, in addition to those of the calling convention. */
const FIRST_STATUS = 16;
const PAGE = 0x1000n;
const NAME_REGISTERS = 4;
const REGISTER_BYTES = 8;
const WIDE = 0x4000_0000;
const EVERYONE = 0xffffn;

const SUCCESS: HypercallResult = [BigInt(HypercallStatus.Success)];
const NOT_SUPPORTED: HypercallResult = [BigInt(HypercallStatus.NotSupported)];
const INVALID_PARAMETER: HypercallResult = [BigInt(HypercallStatus.InvalidParameter)];

/**
 * Lets guests use the factory by hypervisor calls instead of its page. The first factory of a VM answers.
 *
 * @param provider - name of the vdev.
 */
export function addRegionCalls(calls: HypercallRegistry, provider: string, factory: CallableFactory): void {
  if (calls.has(RegionCall.Attach)) return;
  calls.add(RegionCall.Attach, provider, ({ functionId, args }) =>
    // The name does not fit into the 32-bit form.
    (functionId & WIDE) === 0 ? NOT_SUPPORTED : attach(factory, args),
  );
  calls.add(RegionCall.Notify, provider, ({ args: [address = 0n, clients = 0n] }) => {
    const connection = connectionAt(factory, address);
    if (connection === undefined || clients > EVERYONE) return INVALID_PARAMETER;
    connection.notify(Number(clients));
    return SUCCESS;
  });
  calls.add(RegionCall.Detach, provider, ({ args: [address = 0n] }) => {
    const connection = connectionAt(factory, address);
    connection?.detach();
    return connection === undefined ? INVALID_PARAMETER : SUCCESS;
  });
}

function attach(factory: CallableFactory, args: readonly bigint[]): HypercallResult {
  const bytes = args[NAME_REGISTERS] ?? 0n;
  if (bytes % PAGE !== 0n || bytes > BigInt(Number.MAX_SAFE_INTEGER)) return INVALID_PARAMETER;
  const { status, connection } = factory.connect(nameOf(args), Number(bytes));
  if (connection === undefined) return [BigInt(-FIRST_STATUS - status)];
  const { address, dataBytes } = connection;
  return [BigInt(HypercallStatus.Success), BigInt(address), BigInt(dataBytes), BigInt(factory.vector())];
}

/** The bytes of four registers up to the first zero. */
function nameOf(args: readonly bigint[]): string {
  const bytes = new Uint8Array(SHARED_MEMORY_NAME_BYTES);
  const view = new DataView(bytes.buffer);
  for (let n = 0; n < NAME_REGISTERS; n++) view.setBigUint64(n * REGISTER_BYTES, args[n] ?? 0n, true);
  const end = bytes.indexOf(0);
  return String.fromCharCode(...bytes.subarray(0, end < 0 ? bytes.length : end));
}

function connectionAt({ taken }: CallableFactory, address: bigint): FactoryConnection | undefined {
  return taken.find((connection) => BigInt(connection.address) === address);
}
