# The image of flyteops, for people with a container builder and a registry to pull from: docker build -t flyteops:0.1.0 .
# No suite builds it. What the suites run comes from scripts/image.mjs, which needs neither and puts the same things at the same places.
FROM node:22-bookworm-slim AS build
WORKDIR /opt/flyteops
COPY . .
RUN npm ci && npm prune --omit=dev --ignore-scripts

FROM node:22-bookworm-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates git openssh-client \
  && rm -rf /var/lib/apt/lists/* \
  && groupadd --gid 65532 flyteops \
  && useradd --uid 65532 --gid 65532 --home-dir /tmp --no-create-home flyteops \
  && install -d -o 65532 -g 65532 /var/lib/flyteops
WORKDIR /opt/flyteops
COPY --from=build /opt/flyteops/package.json /opt/flyteops/LICENSE ./
COPY --from=build /opt/flyteops/dist/bin ./dist/bin
COPY --from=build /opt/flyteops/node_modules ./node_modules
RUN ln -s /opt/flyteops/dist/bin/flyteops.js /usr/local/bin/flyteops
ENV HOME=/tmp
USER 65532:65532
WORKDIR /tmp
ENTRYPOINT ["flyteops"]
CMD ["--help"]
