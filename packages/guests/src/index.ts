export { guestCatalogue, type GuestArchitecture, type GuestDescription } from './catalogue.js';
export { embeddedGuest, safetyGuest, type EmbeddedArchitecture, type EmbeddedGuest } from './embedded/index.js';
export { guestCacheDirectory, type Environment } from './environment.js';
export { GuestFetchError, type GuestFetchErrorCode } from './errors.js';
export { fetchGuest, type FetchGuestOptions } from './fetch.js';
export type { GuestPackage } from './manifest.js';
export type { FetchProgress, FetchStep, OnFetchProgress } from './progress.js';
export { guestPath, isGuestComplete, verifyGuest, type GuestFiles } from './verify.js';
