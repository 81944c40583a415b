output "cluster" {
  description = "The cluster's name and address."
  value       = { name = module.cluster.name, endpoint = module.cluster.endpoint, region = var.region }
}

output "node_role" {
  description = "Role of the nodes that Karpenter starts."
  value       = module.karpenter.node_role_arn
}

output "registry" {
  description = "Where images are pushed to."
  value       = module.registry.repositories
}

output "postgresql" {
  description = "Host of the event log, and the secret of AWS that holds its administrator."
  value       = module.data.postgresql
}

output "buffer_plan" {
  description = "Warm capacity and its price for a month."
  value = {
    strategy       = var.buffer.strategy
    nodes          = var.buffer.nodes
    slots          = var.buffer.slots
    slots_per_node = local.slots_per_node
    instance_type  = local.buffer_type
    monthly_usd    = local.cost.items.buffer_nodes
  }
}

output "cost" {
  description = "Estimate for a month without work, in USD, with the date of its prices."
  value       = merge(local.cost, { prices_of = local.prices.date, requests = local.idle, general_nodes = local.general_nodes })
}

output "overlay_values" {
  description = "terraform output -raw overlay_values > ../k8s/overlays/ENVIRONMENT/values.yaml"
  value = yamlencode({
    apiVersion = "v1"
    kind       = "ConfigMap"
    metadata   = { name = "values", annotations = { "config.kubernetes.io/local-config" = "true" } }
    data = {
      domain          = var.domain
      clonesHost      = "*.${var.domain}"
      cloneUrl        = "https://{job_id}.${var.domain}"
      hostImage       = local.images.host
      cloneImage      = local.images.wordpress
      redisImage      = var.store_images.redis
      mariaDbImage    = var.store_images.mariadb
      kubectlImage    = var.store_images.kubectl
      postgresqlHost  = module.data.postgresql.host
      redisHost       = coalesce(module.data.redis_host, "redis.clonehub.svc")
      redisDurability = var.redis.mode == "memorydb" ? "managed" : "verify"
      redisKeyPrefix  = var.redis.mode == "memorydb" ? "{clonehub}:" : "clonehub:"
      mariaDbHost     = coalesce(module.data.mariadb_host, "clone-db.clonehub.svc")
      mariaDbAddress  = "${coalesce(module.data.mariadb_host, "clone-db.clonehub.svc")}:3306"
    }
  })
}

output "next_steps" {
  description = "What to do now."
  value       = <<-TEXT
    1. aws eks update-kubeconfig --name ${module.cluster.name} --region ${var.region}
    2. Push the images to ${join(" and ", values(module.registry.repositories))}; write their digests to images in the tfvars; apply again.
    3. terraform output -raw overlay_values > ../k8s/overlays/${var.environment}/values.yaml
    4. ../secrets.sh ${var.environment}
    5. ../database-accounts.sh ${var.environment} ${var.name} ${var.region}
    6. A key for each caller, in the Secret clonehub-api-keys: see "First apply" in infra/README.md.
    7. ../deploy.sh ${var.environment}
    8. ../verify.sh ${var.environment} ${var.name} ${var.region}
    A month without work costs about ${local.cost.total} USD (prices of ${local.prices.date}), ${local.cost.items.buffer_nodes} of them for ${var.buffer.slots} warm slots.
  TEXT
}

output "kube_digest" {
  description = "Changes when the Kubernetes objects have been applied anew."
  value       = module.kube_apply.digest
}
