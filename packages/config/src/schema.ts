import * as z from 'zod';
import { LINUX_CMDLINE_LENGTH, MAX_CPUS, MAX_NAME_LENGTH, PRIORITY_RANGE } from './limits.js';
import { ARCHITECTURES, NAME_PATTERN } from './names.js';
import { RESTART_POLICIES, UNSUPPORTED_KINDS, UNSUPPORTED_POLICIES } from './words.js';

// `error` completes "must be …". The meaning of values is checked when the specification is built, so that all front
// ends share the checks. `meta` is for the JSON Schema.
const text = (expected: string, meta: Record<string, unknown>) => z.string({ error: expected }).meta(meta);
const integer = (meta: Record<string, unknown>) =>
  z.number({ error: 'a whole number' }).meta({ type: 'integer', ...meta });
const quantity = (expected: string, meta: Record<string, unknown>) =>
  z.union([z.string(), z.number()], { error: expected }).meta(meta);

const path = (description: string) => text('a path in double quotes', { description, minLength: 1 });

const ramSchema = z.strictObject(
  {
    base: quantity('an address such as "0x80000000"', {
      description: 'Guest-physical address of the first byte; by default after the highest region so far.',
      examples: ['0x80000000'],
    }).optional(),
    size: quantity('a size such as "256M"', {
      description: 'Bytes, a multiple of 4096; suffixes K, M, G, T.',
      examples: ['256M', '1G'],
    }),
  },
  { error: 'an object such as { "size": "256M" }' },
);

const vdevSchema = z.strictObject(
  {
    type: text('a vdev type such as "pl011"', {
      description: 'Type of the virtual device, with or without "qvm-vdev-", or the name of a package.',
      examples: ['pl011', 'qvm-vdev-virtio-net', '@acme/vdev-sensor'],
    }),
    config: text('a string such as "base=0x9000000,irq=33"', {
      description: 'Options as "key=value,key=value,flag".',
    }).optional(),
  },
  { error: 'an object such as { "type": "pl011" }' },
);

const romSchema = z.strictObject(ramSchema.shape, { error: 'an object such as { "base": "0xc0000", "size": "256K" }' });

const loadSchema = z.strictObject(
  {
    address: quantity('an address such as "0x48000000"', { description: 'Guest-physical address of the first byte.' }),
    file: path('File whose bytes go there.'),
  },
  { error: 'an object such as { "address": "0x48000000", "file": "table.bin" }' },
);

const reserveSchema = z.strictObject(
  {
    base: quantity('an address such as "0xa0000"', { description: 'First address that no vdev gets.' }).optional(),
    size: quantity('a size such as "128K"', { description: 'Bytes, a multiple of 4; 4096 by default.' }).optional(),
    irq: integer({ description: 'Interrupt that no vdev gets by default.', minimum: 0, maximum: 0xffff }).optional(),
  },
  { error: 'an object such as { "base": "0xa0000", "size": "128K" }' },
);

const cpuSchema = z.strictObject(
  {
    runmask: text('a list such as "2,3"', { description: 'Host CPUs of this vCPU, as cpulist.' }).optional(),
    sched: text('a priority such as "10", "10r" or "10f"', {
      description: 'Priority, then r (round-robin, the default), o (the same) or f (FIFO).',
    }).optional(),
  },
  { error: 'an object such as { "runmask": "2", "sched": "10" }' },
);

const unsupportedSchema = z.strictObject(
  Object.fromEntries(
    UNSUPPORTED_KINDS.map((kind) => [
      kind,
      text('"abort", "fail" or "ignore"', { enum: UNSUPPORTED_POLICIES }).optional(),
    ]),
  ),
  { error: 'an object such as { "register": "fail" }' },
);

const vdevs = z
  .array(vdevSchema, { error: 'an array such as [ { "type": "pl011" } ]' })
  .meta({ description: 'Virtual devices.' });

const cpulist = text('a list such as "2,3" or "0-3"', {
  description: 'Host CPUs on which the virtual CPUs may execute.',
  examples: ['2,3', '0-3'],
});

const priority = integer({
  description: "Host priority of the virtual CPUs' threads.",
  minimum: PRIORITY_RANGE.min,
  maximum: PRIORITY_RANGE.max,
});

const name = text('a name such as "linux-1"', {
  description: 'Name of the VM.',
  pattern: NAME_PATTERN.source,
  maxLength: MAX_NAME_LENGTH,
});

const AN_OBJECT = { error: 'an object' };

/** The schema of a VM's document: keys and JSON types. */
export const vmSchema = z
  .strictObject(
    {
      name,
      arch: text('"aarch64" or "x86_64"', {
        description: `The guest's architecture; by default that of the image, or "${ARCHITECTURES[0]}" where the image does not tell.`,
        enum: ARCHITECTURES,
      }).optional(),
      board: text('a board such as "virt"', {
        description: "Board of the VM: what is where beside the processors; by default the architecture's usual one.",
        examples: ['virt', '@acme/board'],
      }).optional(),
      cpumodel: text('a processor model such as "x86-64-v2"', {
        description: 'Processor model, and features to add or take away; by default the usual one of the architecture.',
        examples: ['max', 'x86-64-v2,+aes,-pcid'],
      }).optional(),
      image: path('Kernel or other image to load; if absent, it is named when the VM is started.').optional(),
      entry: text('an entry such as "pvh"', {
        description: 'How the image is entered; by default as its format says. "qvm check" names the possible words.',
        examples: ['pvh', 'real-mode'],
      }).optional(),
      dtb: path('Device tree blob; by default one is generated.').optional(),
      initrd: path('Initial RAM disk.').optional(),
      cmdline: text('a kernel command line in double quotes', {
        description: `Kernel command line; Linux keeps ${LINUX_CMDLINE_LENGTH} characters.`,
      }).optional(),
      cpus: integer({ description: 'Number of virtual CPUs.', minimum: 1, maximum: MAX_CPUS, default: 1 }).optional(),
      cpulist: cpulist.optional(),
      priority: priority.optional(),
      cpu: z
        .array(cpuSchema, { error: 'an array such as [ { "runmask": "2", "sched": "10" } ]' })
        .meta({ description: 'Each virtual CPU, where they differ.' })
        .optional(),
      ram: z
        .array(ramSchema, { error: 'an array such as [ { "size": "256M" } ]' })
        .min(1, { error: 'at least one region' })
        .meta({ description: 'RAM of the guest.' }),
      rom: z
        .array(romSchema, { error: 'an array such as [ { "base": "0xc0000", "size": "256K" } ]' })
        .meta({ description: 'Memory that the guest cannot write.' })
        .optional(),
      load: z
        .array(loadSchema, { error: 'an array such as [ { "address": "0x48000000", "file": "table.bin" } ]' })
        .meta({ description: 'Files to put into memory beside image, dtb and initrd.' })
        .optional(),
      reserve: z
        .array(reserveSchema, { error: 'an array such as [ { "base": "0xa0000", "size": "128K" } ]' })
        .meta({ description: 'Addresses and interrupts that no vdev gets by default.' })
        .optional(),
      logger: z
        .array(text('a string such as "fatal,error stderr"', { description: 'Severities and a destination.' }), {
          error: 'an array such as [ "fatal,error stderr" ]',
        })
        .meta({ description: 'Which messages go where.' })
        .optional(),
      unsupported: unsupportedSchema
        .meta({ description: 'Reactions to accesses that the VM does not support.' })
        .optional(),
      dump: text('a folder, or "|COMMAND"', { description: 'Destination of dumps of the guest.' }).optional(),
      set: z
        .record(z.string(), text('a text', {}), { error: 'an object such as { "exit-on-halt": "on" }' })
        .meta({ description: 'Variables.' })
        .optional(),
      restart: text('"never", "on-failure" or "always"', {
        description: 'When the host starts the VM again.',
        enum: RESTART_POLICIES,
      }).optional(),
      dryrun: z.boolean({ error: 'true or false' }).meta({ description: 'Build and check only.' }).optional(),
      vdev: vdevs.optional(),
    },
    AN_OBJECT,
  )
  .meta({ title: 'qvm virtual machine (.qvmconf, JSON form)' });

/** The schema of a part of a VM: the same keys, all optional. */
export const fragmentSchema = vmSchema.partial();

const config = z
  .union([z.string(), z.array(z.string())], { error: 'a path, or an array of paths' })
  .meta({ description: 'Configurations that this one is laid over, in this order.' });

/** The schema of a system file. */
export const systemSchema = z
  .strictObject(
    {
      host: z
        .strictObject(
          {
            config: config.optional(),
            cpulist: cpulist.optional(),
            priority: priority.optional(),
            vdev: vdevs.optional(),
          },
          { error: 'an object such as { "cpulist": "0,1" }' },
        )
        .meta({ description: 'The host VM.' })
        .optional(),
      vms: z
        .array(
          z.strictObject(
            { ...fragmentSchema.shape, name, config: config.optional() },
            { error: 'an object such as { "name": "linux-1", "config": "linux.qvmconf" }' },
          ),
          { error: 'an array such as [ { "name": "linux-1", "config": "linux.qvmconf" } ]' },
        )
        .meta({ description: 'The guest VMs.' })
        .optional(),
      switches: z
        .array(
          z.strictObject(
            {
              name: text('a name such as "vswitch0"', { description: 'The name in the option peer of a vdev.' }),
              capture: path('Packet capture of all frames.').optional(),
              vlans: text('a list such as "10,20"', { description: 'VLANs of the switch.' }).optional(),
            },
            { error: 'an object such as { "name": "vswitch0" }' },
          ),
          { error: 'an array such as [ { "name": "vswitch0" } ]' },
        )
        .meta({ description: 'Virtual switches.' })
        .optional(),
      shmem: z
        .array(
          z.strictObject(
            {
              name: text('a name such as "shm-1"', { description: 'Name of the region.' }),
              size: quantity('a size such as "8M"', { description: 'Bytes, a multiple of 4096.' }),
            },
            { error: 'an object such as { "name": "shm-1", "size": "8M" }' },
          ),
          { error: 'an array such as [ { "name": "shm-1", "size": "8M" } ]' },
        )
        .meta({ description: 'Shared memory that the host provides.' })
        .optional(),
    },
    AN_OBJECT,
  )
  .meta({ title: 'qvm system (.qvmconf, JSON form)' });

/**
 * The JSON Schema (draft 2020-12) of the JSON form, for editors. It describes the document without `#` comments,
 * trailing commas and `0x` numbers.
 * @experimental
 */
export function vmConfigJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(vmSchema, { io: 'input' }) };
}

/**
 * The JSON Schema (draft 2020-12) of a system file, for editors; see {@link vmConfigJsonSchema}.
 * @experimental
 */
export function systemConfigJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(systemSchema, { io: 'input' }) };
}
