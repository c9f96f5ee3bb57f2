export interface ServiceAccountName {
  readonly namespace: string;
  readonly name: string;
}

const PATTERN = /^system:serviceaccount:([a-z0-9]([-a-z0-9]*[a-z0-9])?):([a-z0-9]([-a-z0-9.]*[a-z0-9])?)$/;

/** The service account that a user name stands for; undefined for everybody else. */
export function serviceAccountOf(user: string): ServiceAccountName | undefined {
  const [, namespace, , name] = PATTERN.exec(user) ?? [];
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}

export const serviceAccountUser = ({ namespace, name }: ServiceAccountName): string => `system:serviceaccount:${namespace}:${name}`;

export const serviceAccountGroups = (namespace: string): string[] => ["system:serviceaccounts", `system:serviceaccounts:${namespace}`];
