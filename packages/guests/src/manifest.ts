import { GuestFormatError } from './errors.js';

/**
 * A Debian package that a guest was made from.
 *
 * @experimental
 */
export interface GuestPackage {
  /** Name of the Debian package. */
  readonly name: string;
  /** Version of the package. */
  readonly version: string;
  /** Architecture of the package, as Debian names it. */
  readonly architecture: string;
  /** SHA-256 of the .deb, lower-case hex. */
  readonly sha256: string;
}

/** A file of a guest in the manifest. */
export interface ManifestFile {
  readonly name: string;
  /** Size in bytes. */
  readonly size: number;
  readonly sha256: string;
}

/** Contents of a guest's MANIFEST file. */
export interface Manifest {
  readonly guest: string;
  /** Digest of the way in which it was assembled: see `recipeDigest`. */
  readonly recipe: string;
  readonly packages: readonly GuestPackage[];
  readonly files: readonly ManifestFile[];
}

const FIRST_LINE = 'qvm-guest 1';
const MAX_BYTES = 64 * 1024;
const NAME = '[A-Za-z0-9][A-Za-z0-9._-]{0,127}';
const DIGEST = '[0-9a-f]{64}';
const GUEST_LINE = new RegExp(`^guest (${NAME})$`);
const RECIPE_LINE = new RegExp(`^recipe (${DIGEST})$`);
const PACKAGE_LINE = new RegExp(`^package ([a-z0-9][a-z0-9+.-]{0,127}) (\\S{1,128}) ([a-z0-9-]{1,32}) (${DIGEST})$`);
const FILE_LINE = new RegExp(`^file (${DIGEST}) (\\d{1,15}) (${NAME})$`);

/** The text of a MANIFEST file: one fact per line, sorted by file name. */
export function formatManifest(manifest: Manifest): string {
  const files = [...manifest.files].sort((a, b) => (a.name < b.name ? -1 : 1));
  const lines = [
    FIRST_LINE,
    `guest ${manifest.guest}`,
    `recipe ${manifest.recipe}`,
    ...manifest.packages.map((p) => `package ${p.name} ${p.version} ${p.architecture} ${p.sha256}`),
    ...files.map((f) => `file ${f.sha256} ${f.size} ${f.name}`),
  ];
  return `${lines.join('\n')}\n`;
}

/**
 * Parses a MANIFEST file; file names in it cannot leave the guest's folder.
 *
 * @throws GuestFormatError for any text that {@link formatManifest} would not have written
 */
export function parseManifest(text: string): Manifest {
  if (text.length > MAX_BYTES) throw new GuestFormatError('manifest: too long');
  const [first, ...lines] = text.split('\n');
  if (first !== FIRST_LINE || lines.pop() !== '') throw new GuestFormatError('manifest: not one, or cut off');
  let guest: string | undefined;
  let recipe: string | undefined;
  const packages: GuestPackage[] = [];
  const files = new Map<string, ManifestFile>();
  for (const line of lines) {
    const [, name = '', version = '', architecture = '', sha256 = ''] = PACKAGE_LINE.exec(line) ?? [];
    const [, digest = '', size = '', file = ''] = FILE_LINE.exec(line) ?? [];
    if (name !== '') packages.push({ name, version, architecture, sha256 });
    else if (file !== '' && !files.has(file)) files.set(file, { name: file, size: Number(size), sha256: digest });
    else if (guest === undefined && GUEST_LINE.test(line)) guest = GUEST_LINE.exec(line)?.[1];
    else if (recipe === undefined && RECIPE_LINE.test(line)) recipe = RECIPE_LINE.exec(line)?.[1];
    else throw new GuestFormatError(`manifest: bad line ${JSON.stringify(line.slice(0, 80))}`);
  }
  if (guest === undefined || recipe === undefined) throw new GuestFormatError('manifest: incomplete');
  return { guest, recipe, packages, files: [...files.values()] };
}
