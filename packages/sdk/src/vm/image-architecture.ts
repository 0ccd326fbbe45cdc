import { ARCHITECTURES, type VmSpec } from '@qvm/config';
import type { ArchitectureSource, BootFile } from '@qvm/core/architecture';
import { FileSourceError, type FileSource } from '../host/file-source.js';

/** Bytes from the start of an image by which architectures know it. */
const HEAD_BYTES = 0x400;

/** Where the architecture of a VM that names none is looked up. */
export interface ImageLookup {
  /** All that there are. */
  readonly architectures: Iterable<ArchitectureSource>;
  /** Source of the image. */
  readonly files: FileSource;
  /** The image, if it is not a file. */
  readonly image?: BootFile | undefined;
  /** The specification was made from a description that names no architecture. */
  readonly undecided?: boolean | undefined;
}

/**
 * The specification with the architecture that its image is for, if its configuration names none. An image that is unknown, or
 * cannot be read, leaves the default; a start reports what is wrong with it.
 */
export async function withImageArchitecture(spec: VmSpec, lookup: ImageLookup): Promise<VmSpec> {
  if (lookup.undecided !== true && namesArchitecture(spec)) return spec;
  const head = await headOf(spec, lookup);
  if (head === undefined) return spec;
  const known = [...lookup.architectures].filter((architecture) => architecture.isImage?.(head) === true);
  const arch = ARCHITECTURES.find((name) => known.some((architecture) => architecture.name === name));
  return arch === undefined ? spec : { ...spec, arch };
}

/** A specification that a program made has no places in a text; its architecture is the program's choice. */
function namesArchitecture({ source }: VmSpec): boolean {
  return source === undefined || source.fields.arch !== undefined;
}

async function headOf({ image: path }: VmSpec, { files, image }: ImageLookup): Promise<Uint8Array | undefined> {
  if (image !== undefined) return image.bytes.subarray(0, HEAD_BYTES);
  if (path === undefined) return undefined;
  try {
    return files.head === undefined
      ? (await files.read(path, Infinity)).subarray(0, HEAD_BYTES)
      : await files.head(path, HEAD_BYTES);
  } catch (error) {
    if (error instanceof FileSourceError) return undefined;
    throw error;
  }
}
