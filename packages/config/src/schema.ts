import { z } from 'zod';
import { LINUX_CMDLINE_LENGTH, MAX_CPUS, MAX_NAME_LENGTH, PRIORITY_RANGE } from './limits.js';

/** What a VM may be called: it becomes part of paths and of the control interface's addresses. */
export const NAME_PATTERN = /^[A-Za-z0-9._-]+$/;

/** The architectures that `arch` may name; the first is the default. @experimental */
export const ARCHITECTURES = ['aarch64', 'x86_64'] as const;

/** A guest architecture. @experimental */
export type ArchitectureName = (typeof ARCHITECTURES)[number];

// `error` is the phrase that completes "must be …"; what the values mean is checked when the specification is built,
// so that every front end shares it. `meta` goes into the JSON Schema.
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

/** The document's shape: keys and JSON types. */
export const vmSchema = z
  .strictObject(
    {
      name: text('a name such as "linux-1"', {
        description: 'Name of the VM.',
        pattern: NAME_PATTERN.source,
        maxLength: MAX_NAME_LENGTH,
      }),
      arch: text('"aarch64" or "x86_64"', {
        description: "The guest's architecture.",
        enum: ARCHITECTURES,
        default: ARCHITECTURES[0],
      }).optional(),
      image: path('Kernel or other image to load.'),
      dtb: path('Device tree blob; by default one is generated.').optional(),
      initrd: path('Initial RAM disk.').optional(),
      cmdline: text('a kernel command line in double quotes', {
        description: `Kernel command line; Linux keeps ${LINUX_CMDLINE_LENGTH} characters.`,
      }).optional(),
      cpus: integer({ description: 'Number of virtual CPUs.', minimum: 1, maximum: MAX_CPUS, default: 1 }).optional(),
      cpulist: text('a list such as "2,3" or "0-3"', {
        description: 'Host CPUs on which the virtual CPUs may execute.',
        examples: ['2,3', '0-3'],
      }).optional(),
      priority: integer({
        description: "Host priority of the virtual CPUs' threads.",
        minimum: PRIORITY_RANGE.min,
        maximum: PRIORITY_RANGE.max,
      }).optional(),
      ram: z
        .array(ramSchema, { error: 'an array such as [ { "size": "256M" } ]' })
        .min(1, { error: 'at least one region' })
        .meta({ description: 'RAM of the guest.' }),
      vdev: z
        .array(vdevSchema, { error: 'an array such as [ { "type": "pl011" } ]' })
        .meta({ description: 'Virtual devices.' })
        .optional(),
    },
    { error: 'an object' },
  )
  .meta({ title: 'qvm virtual machine (.qvmconf, JSON form)' });

/**
 * The JSON Schema (draft 2020-12) of the JSON form, for editors. It describes the document without `#` comments,
 * trailing commas and `0x` numbers.
 * @experimental
 */
export function vmConfigJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(vmSchema, { io: 'input' }) };
}
