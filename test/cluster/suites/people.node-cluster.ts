import { mistakesAreNamed } from "../../e2e/support/bad-repository-contract.ts";
import { commandFiles, commandsWork } from "../../e2e/support/commands-contract.ts";
import type { Follow } from "../../e2e/support/followed.ts";
import { repositoryIsFollowed } from "../../e2e/support/git-contract.ts";
import { kubectlWorks } from "../../e2e/support/kubectl-contract.ts";
import { penguins, repository } from "../../e2e/support/repository.ts";
import { alsoFollowed } from "./support/also-followed.ts";
import { installed } from "./support/installed.ts";

// What the end-to-end suites ask of a laptop, asked of an installation: each in a project of its own.

const followedAs =
  (project: string): Follow =>
  (files, more) =>
    alsoFollowed(project, (path) => repository(path, files, more));

describe("a repository that an installation follows", function () {
  this.timeout(400_000);
  repositoryIsFollowed("pushed", followedAs("pushed"));
});

describe("a repository with mistakes that an installation follows", function () {
  this.timeout(400_000);
  mistakesAreNamed("mistaken", followedAs("mistaken"));
});

describe("kubectl, on our kinds of an installation", function () {
  this.timeout(400_000);
  kubectlWorks("typed", () => installed.on, followedAs("typed"));
});

describe("the commands, on an installation", function () {
  this.timeout(400_000);
  commandsWork("commanded", async () => {
    const { directory, mark } = installed.on;
    const followed = await alsoFollowed("commanded", (path) => {
      const repo = penguins(path, "commanded");
      repo.write(commandFiles("commanded", mark));
      repo.commit();
      return repo;
    });
    return { ...followed, directory, mark };
  });
});
