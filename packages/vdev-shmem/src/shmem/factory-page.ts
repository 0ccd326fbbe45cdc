import { RegisterBlock } from '@qvm/core/vdev';
import type { RegisterLayout } from '@qvm/core/vdev';

/** Size of the factory page in bytes. */
export const FACTORY_BYTES = 0x1000;
/** Number of words of the name. */
export const NAME_WORDS = 8;
const NAME_OFFSET = 0x1c;

/** Result of a command of the factory page. */
export enum FactoryStatus {
  Ok = 0,
  UnknownFailure = 1,
  NoMemory = 2,
  ClientMax = 3,
  IllegalName = 4,
  NoPermission = 5,
  DoesNotExist = 6,
}

/** Values and effects of the registers of the factory page. */
export interface FactoryOperations {
  /** Guest-physical address of the control page of the last command. */
  controlAddress(): number;
  vector(): number;
  commandStatus(): number;
  /** Creates or attaches; the size is in pages of 4 KiB. */
  createOrAttach(pages: number): void;
  find(index: number): void;
}

export type NameRegister = `NAME${number}`;
export type FactoryRegister = 'SIG_LO' | 'SIG_HI' | 'SHMEM_LO' | 'SHMEM_HI' | 'VECTOR' | 'STATUS' | 'SIZE' | 'FIND';

const NAMES = Object.fromEntries(
  Array.from({ length: NAME_WORDS }, (_, word) => [
    `NAME${word}`,
    {
      offset: NAME_OFFSET + 4 * word,
      access: 'rw',
      description: `Name of the region, bytes ${4 * word} to ${4 * word + 3}; a zero ends it`,
    },
  ]),
) as RegisterLayout<FactoryOperations, NameRegister>;

/**
 * The factory page of guest shared memory: the public layout that QNX guests know (signature `QVMG2GSM`).
 *
 * @internal
 */
export const factoryRegisters: RegisterLayout<FactoryOperations, FactoryRegister | NameRegister> = {
  SIG_LO: { offset: 0x00, access: 'ro', description: 'Signature: QVMG', read: () => 0x474d_5651 },
  SIG_HI: { offset: 0x04, access: 'ro', description: 'Signature: 2GSM', read: () => 0x4d53_4732 },
  SHMEM_LO: {
    offset: 0x08,
    access: 'ro',
    description: 'Guest-physical address of the control page, low word; the data follow on the next page',
    read: (factory) => factory.controlAddress() % 2 ** 32,
  },
  SHMEM_HI: {
    offset: 0x0c,
    access: 'ro',
    description: 'High word',
    read: (factory) => Math.floor(factory.controlAddress() / 2 ** 32),
  },
  VECTOR: { offset: 0x10, access: 'ro', description: 'Interrupt number', read: (factory) => factory.vector() },
  STATUS: { offset: 0x14, access: 'ro', description: 'Result of the last command', read: (f) => f.commandStatus() },
  SIZE: {
    offset: 0x18,
    access: 'wo',
    description: 'Pages of 4 KiB. Writing creates the named region, or attaches to it',
    write: (factory, pages) => factory.createOrAttach(pages),
  },
  ...NAMES,
  FIND: {
    offset: 0x3c,
    access: 'wo',
    description: 'Writing n shows connection n: name, address and status',
    write: (factory, index) => factory.find(index),
  },
};

/** The registers of a factory page. */
export class FactoryPage extends RegisterBlock<FactoryOperations, FactoryRegister | NameRegister> {
  constructor(factory: FactoryOperations) {
    super(factoryRegisters, factory, FACTORY_BYTES);
  }

  /** The name as the guest has written it, up to the first zero byte. */
  get name(): string {
    let name = '';
    for (let at = 0; at < 4 * NAME_WORDS; at++) {
      const byte = (this.get(`NAME${at >>> 2}`) >>> ((at & 3) * 8)) & 0xff;
      if (byte === 0) break;
      name += String.fromCharCode(byte);
    }
    return name;
  }

  set name(name: string) {
    for (let word = 0; word < NAME_WORDS; word++) {
      const bytes = [0, 1, 2, 3].map((at) => (name.charCodeAt(4 * word + at) || 0) << (8 * at));
      this.set(`NAME${word}`, bytes.reduce((all, byte) => all | byte, 0) >>> 0);
    }
  }
}
