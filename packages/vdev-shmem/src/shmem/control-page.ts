import { RegisterBlock } from '@qvm/core/vdev';
import type { MmioHandler, RegisterLayout } from '@qvm/core/vdev';

/** Size of a control page in bytes. */
export const CONTROL_BYTES = 0x1000;

/** Effects of the registers of a control page. */
export interface ControlOperations {
  /**
   * The attached clients in the high half; in the low half those that have notified this one, which are then cleared.
   */
  takeStatus(): number;
  /** Index of this client. */
  index(): number;
  notify(clients: number): void;
  detach(): void;
  /** Guest-physical address of the data, attached or not. */
  dataAddress(): number;
  /** Bytes of the data. */
  dataSize(): number;
}

const low = (value: number): number => value % 2 ** 32;
const high = (value: number): number => Math.floor(value / 2 ** 32);

/**
 * The control page of one connection, with a client's doorbells.
 *
 * @internal
 */
export const controlRegisters = {
  STATUS: {
    offset: 0x0,
    access: 'ro',
    description:
      'Bits 15:0: the clients that notified this one; reading forgets them. Bits 31:16: the clients there are',
    read: (connection: ControlOperations) => connection.takeStatus(),
  },
  IDX: {
    offset: 0x4,
    access: 'ro',
    description: 'Which client this is, 0 to 15; all ones while not attached',
    read: (connection: ControlOperations) => connection.index(),
  },
  NOTIFY: {
    offset: 0x8,
    access: 'wo',
    description: 'Bits 15:0: the clients to interrupt',
    write: (connection: ControlOperations, clients: number) => connection.notify(clients & 0xffff),
  },
  DETACH: {
    offset: 0xc,
    access: 'wo',
    description: 'Any write detaches',
    write: (connection: ControlOperations) => connection.detach(),
  },
  DATA_LO: {
    offset: 0x10,
    access: 'ro',
    description: 'Guest-physical address of the data, low word',
    read: (connection: ControlOperations) => low(connection.dataAddress()),
  },
  DATA_HI: {
    offset: 0x14,
    access: 'ro',
    description: 'High word',
    read: (connection: ControlOperations) => high(connection.dataAddress()),
  },
  BYTES_LO: {
    offset: 0x18,
    access: 'ro',
    description: 'Bytes of the data, low word',
    read: (connection: ControlOperations) => low(connection.dataSize()),
  },
  BYTES_HI: {
    offset: 0x1c,
    access: 'ro',
    description: 'High word',
    read: (connection: ControlOperations) => high(connection.dataSize()),
  },
} as const satisfies RegisterLayout<ControlOperations>;

/** The registers for a connection. */
export function controlPage(connection: ControlOperations): MmioHandler {
  return new RegisterBlock(controlRegisters, connection, CONTROL_BYTES);
}
