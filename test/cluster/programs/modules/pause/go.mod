module flyteops.dev/cluster/pause

go 1.21
