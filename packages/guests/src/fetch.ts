import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Apt, type AptPackage } from './apt.js';
import { assembleGuest, type FetchedPackage } from './assemble.js';
import { describeGuest, type GuestDescription } from './catalogue.js';
import { dependencyNames } from './deb822.js';
import { guestCacheDirectory, guestSuite, type Environment } from './environment.js';
import { GuestFetchError, GuestFormatError, systemErrorCode } from './errors.js';
import { acquireLock } from './lock.js';
import { prunePackages } from './prune.js';
import { fractionReporter, megabytes, type OnFetchProgress } from './progress.js';
import { currentGuest, guestPath, verifyDirectory, type GuestFiles } from './verify.js';

/**
 * Options for fetching a guest.
 *
 * @experimental
 */
export interface FetchGuestOptions {
  /** Environment variables for the location of the cache and for apt. Default: those of the process. */
  readonly env?: Environment;
  /** Called with reports of progress. */
  readonly onProgress?: OnFetchProgress;
  /** Aborts the fetch; complete downloads stay in the cache. */
  readonly signal?: AbortSignal;
  /** Whether to look for the newest packages even if the guest exists already. */
  readonly update?: boolean;
}

/** One fetch in progress. */
interface Job {
  readonly description: GuestDescription;
  readonly cache: string;
  readonly directory: string;
  readonly env: Environment;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: OnFetchProgress;
  readonly update: boolean;
  readonly apt: Apt;
}

const SCRATCH_PREFIX = '.qvm-fetch-';

/** The newest kernel is a dependency of its metapackage (Debian: linux-image-arm64 → linux-image-6.1.0-56-arm64). */
async function resolvePackage(apt: Apt, name: string): Promise<AptPackage> {
  const found = await apt.show(name);
  if (!name.startsWith('linux-image-')) return found;
  const kernel = dependencyNames(found.depends).find((dependency) => dependency.startsWith('linux-image-'));
  if (kernel === undefined) throw new GuestFetchError('package-not-found', `${name} names no kernel`);
  return apt.show(kernel);
}

async function resolveAll(job: Job): Promise<AptPackage[]> {
  job.onProgress({ step: 'resolve', message: 'looking up packages' });
  const packages: AptPackage[] = [];
  for (const name of job.description.packages) packages.push(await resolvePackage(job.apt, name));
  return packages;
}

async function updateLists(job: Job): Promise<void> {
  const message = `fetching package lists for ${job.description.architecture}`;
  job.onProgress({ step: 'update', message });
  await job.apt.update(fractionReporter(job.onProgress, 'update', message));
}

/**
 * Lists that could not be refreshed may be sufficient: one of the machine's sources may be unreachable, or unsigned
 * for this architecture, while Debian's are fine. The failure is reported only if the packages cannot be found.
 */
async function updateAndResolve(job: Job): Promise<AptPackage[]> {
  let failure: unknown;
  try {
    await updateLists(job);
  } catch (error) {
    const tolerable = error instanceof GuestFetchError && error.code === 'apt-update-failed' && !job.update;
    if (!tolerable) throw error;
    failure = error;
  }
  try {
    return await resolveAll(job);
  } catch (error) {
    const lookup = error instanceof GuestFetchError && error.code === 'package-not-found';
    throw lookup && failure !== undefined ? failure : error;
  }
}

function packageFolder(job: Job): string {
  return join(job.cache, 'packages', job.description.architecture);
}

async function downloadAll(job: Job, packages: readonly AptPackage[]): Promise<FetchedPackage[]> {
  const folder = packageFolder(job);
  await mkdir(folder, { recursive: true });
  const fetched: FetchedPackage[] = [];
  for (const info of packages) {
    const message = `${info.name} ${info.version} (${megabytes(info.size)})`;
    job.onProgress({ step: 'download', message });
    const onFraction = fractionReporter(job.onProgress, 'download', message);
    fetched.push({ info, debPath: await job.apt.download(info, folder, onFraction) });
  }
  return fetched;
}

/** Old lists may name versions that the archive no longer has; they are fetched again once in that case. */
async function obtainPackages(job: Job): Promise<FetchedPackage[]> {
  if (job.update || !(await job.apt.hasLists())) return downloadAll(job, await updateAndResolve(job));
  try {
    return await downloadAll(job, await resolveAll(job));
  } catch (error) {
    const outdated = error instanceof GuestFetchError && ['download-failed', 'package-not-found'].includes(error.code);
    if (!outdated) throw error;
    job.onProgress({ step: 'update', message: `${error.message}: trying with new package lists` });
    return downloadAll(job, await updateAndResolve(job));
  }
}

/** Replaces a folder by a new one; the old one is removed only afterwards. */
async function replaceDirectory(made: string, directory: string, scratch: string): Promise<void> {
  try {
    await rename(directory, join(scratch, 'old'));
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
  }
  await rename(made, directory);
}

/** The holder of the lock owns all scratch folders, so existing ones are left over from killed runs. */
async function removeLeftovers(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    if (name.startsWith(SCRATCH_PREFIX)) await rm(join(cache, name), { recursive: true, force: true });
  }
}

async function fetchLocked(job: Job): Promise<GuestFiles> {
  const { description, directory } = job;
  const present = await currentGuest(description.name, directory);
  if (present && !job.update) return present.guest;
  await removeLeftovers(job.cache);
  const packages = await obtainPackages(job);
  const wanted = packages.map(({ info }) => info.sha256).join();
  if (present?.manifest.packages.map(({ sha256 }) => sha256).join() === wanted) return present.guest;
  const scratch = await mkdtemp(join(job.cache, `${SCRATCH_PREFIX}${description.name}-`));
  try {
    const made = await assembleGuest(description, packages, { ...job, scratch });
    job.onProgress({ step: 'verify', message: 'checking what was written' });
    await verifyDirectory(description.name, made);
    if (job.signal?.aborted) throw new GuestFetchError('aborted', 'stopped before the guest was put in place');
    await replaceDirectory(made, directory, scratch);
    await prunePackages(job.cache, packageFolder(job));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return (await verifyDirectory(description.name, directory)).guest;
}

/** Converts errors of files and formats to the one error type that callers handle. */
function toFetchError(error: unknown): unknown {
  if (error instanceof GuestFormatError) return new GuestFetchError('bad-package', error.message, '', { cause: error });
  if (error instanceof Error && systemErrorCode(error) !== undefined) {
    return new GuestFetchError('io-failed', error.message, '', { cause: error });
  }
  return error;
}

/**
 * Fetches a guest into the cache, unless it exists already: gets Debian packages by apt (no root needed, nothing
 * installed), unpacks them and assembles the guest's folder. The folder appears atomically; several processes may
 * fetch at the same time; an interrupted run is continued with the packages downloaded so far.
 *
 * @param name - a name from the catalogue
 * @returns the locations of the files, after they were verified
 * @throws GuestFetchError for all failures, with a `code` for programs and the end of apt's output in `detail`
 * @experimental
 */
export async function fetchGuest(name: string, options: FetchGuestOptions = {}): Promise<GuestFiles> {
  const env = options.env ?? process.env;
  const description = describeGuest(name);
  const suite = guestSuite(env);
  const cache = guestCacheDirectory(env);
  const onProgress = options.onProgress ?? ((): void => undefined);
  const { signal } = options;
  const { architecture } = description;
  const apt = new Apt({ stateDirectory: join(cache, 'apt', architecture), architecture, suite, env, signal });
  const directory = guestPath(name, env);
  const job: Job = { description, cache, directory, env, signal, onProgress, update: options.update ?? false, apt };
  try {
    await mkdir(cache, { recursive: true });
    const onWait = (pid: number): void =>
      onProgress({ step: 'wait', message: `waiting for process ${pid}, which is fetching` });
    const lock = await acquireLock(join(cache, '.lock'), { signal, onWait });
    try {
      const guest = await fetchLocked(job);
      onProgress({ step: 'done', message: `${name} is in ${guest.directory}`, fraction: 1 });
      return guest;
    } finally {
      await lock.release();
    }
  } catch (error) {
    throw toFetchError(error);
  }
}
