import { parseDuration } from "../base/index.ts";
import { boolean, duration, integer, list, map, object, quantity, string } from "../schema/index.ts";
import { path } from "./path-key.ts";

const milliseconds = (text: string): number => parseDuration(text) ?? NaN;

const leaderElection = object({
  enabled: boolean().default(true).doc("Work only while holding Leases. Off: exactly one replica may run, and nothing enforces it."),
  leaseName: string({ maxLength: 50, pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", expects: "a name: lower-case letters, digits and hyphens" })
    .default("flyteops-controller")
    .doc("Leases are called <leaseName>-<shard>. Programs that run different controllers need different names."),
  namespace: string({ maxLength: 63, pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", expects: "a namespace" })
    .optional()
    .doc("Namespace of the Leases; absent: the program's own."),
  leaseDuration: duration().default("15s").doc("How long others wait for a holder that does not renew."),
  renewDeadline: duration().default("10s").doc("A holder that could not renew for this long stops writing."),
  retryPeriod: duration().default("2s").doc("How often a Lease is renewed, or tried for."),
})
  .rule({
    check: (each) => milliseconds(each.leaseDuration) >= milliseconds(each.renewDeadline) + 2_000,
    message: "leaseDuration must be at least two seconds more than renewDeadline: a write in flight must end before another replica may begin",
    at: ["leaseDuration"],
  })
  .rule({
    check: (each) => milliseconds(each.renewDeadline) >= 2 * milliseconds(each.retryPeriod) && milliseconds(each.retryPeriod) > 0,
    message: "renewDeadline must be at least twice retryPeriod: one renewal that fails must not end the work",
    at: ["renewDeadline"],
  });

export const controllerSection = object({
  controllers: list(string({ minLength: 1, maxLength: 64 }).doc("Name of a controller, or *."), { min: 1, max: 64 })
    .default(["*"])
    .doc("Which controllers this program runs: their names, or * for all."),
  workers: integer({ minimum: 1, maximum: 1024 }).default(64).reloadable().doc("Objects of one kind that are worked on at once, at most."),
  shards: integer({ minimum: 1, maximum: 64 }).default(1).doc("Parts the work is split into; replicas share them. The same in every replica."),
  shutdownTimeout: duration().default("25s").doc("How long passes in hand may take after SIGTERM; less than the pod's termination grace."),
  leaderElection: leaderElection.default({}).doc("Who works."),
});

const amounts = () => map(quantity().doc("Amount."), { max: 16 });

export const pluginsSection = object({
  copilot: object({
    image: string({ minLength: 1, maxLength: 1024 }).optional().doc("Image of the copilots; absent: flyteops:<version>, the image of this program."),
    requests: amounts().default({ cpu: "50m", memory: "64Mi" }).doc("Resources each copilot asks for."),
    limits: amounts().default({ cpu: "1", memory: "512Mi" }).doc("Resources each copilot may use."),
    uploadTimeout: duration().default("1h").doc("How long a pod may upload outputs after its program has ended."),
  })
    .default({})
    .doc("The containers that move data in and out of a pod."),
  k8s: object({
    "default-labels": map(string({ maxLength: 63 }).doc("Value."), { max: 64 })
      .default({})
      .doc("Labels of every pod."),
    "default-annotations": map(string({ maxLength: 4096 }).doc("Value."), { max: 64 })
      .default({})
      .doc("Annotations of every pod."),
    "run-as-user": integer({ minimum: 1, maximum: 2_147_483_647 }).optional().doc("uid of every container; absent: each image's own."),
    "fs-group": integer({ minimum: 1, maximum: 2_147_483_647 }).optional().doc("Group of every volume; absent: none."),
    "image-pull-backoff-grace-period": duration().default("3m").doc("How long an image that cannot be pulled is tolerated."),
    "create-container-error-grace-period": duration().default("3m").doc("How long a container that cannot be created is tolerated."),
    "create-container-config-error-grace-period": duration().default("30s").doc("How long a Secret or ConfigMap that is missing is tolerated."),
  })
    .default({})
    .doc("Pods in general."),
});

export const gitopsSection = object({
  stateDirectory: path().default("/var/lib/flyteops").doc("Where mirrors of repositories are kept. May be lost at any time."),
  allowFileUrls: boolean().default(false).doc("Allow file:// repositories: of this machine, so for one trusted user only."),
});
