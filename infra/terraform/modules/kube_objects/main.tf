# Renders every Kubernetes object that Terraform owns. No provider and no cluster: its tests take a third of a second.

locals {
  slots_per_node = min([for type in var.buffer.instance_types : module.capacity.fits[type]]...)

  folder    = "${path.module}/../../../k8s"
  karpenter = "${local.folder}/platform/karpenter"
  auto      = var.compute == "auto"

  # Definitions before what refers to them.
  files = concat(
    [for name in ["namespaces", "priority-classes", "quotas", "network-policies", "admission-policies", "people", "accounts"] : "${local.folder}/platform/${name}.yaml"],
    [for name in ["service-account", "clones-role", "clones-role-binding", "clones-exec-role", "clones-exec-role-binding"] : "${local.folder}/base/rbac/${name}.yaml"],
  )
  # The address of a registry that does not exist stands in for the real one.
  static = flatten([for file in local.files : [
    for text in split("\n---\n", replace(file(file), "registry.example/clonehub/", var.image_prefix)) : yamldecode(text)
  ]])

  values = {
    cluster        = var.cluster
    node_role      = var.node_role
    ami_alias      = local.auto ? "" : "al2023@${var.node_ami_version}"
    tags           = var.tags
    strategy       = var.buffer.strategy
    nodes          = var.buffer.nodes
    slots          = var.buffer.slots
    schedule       = var.buffer.schedule
    instance_types = var.buffer.instance_types
    capacity_types = var.buffer.capacity_types
    vcpus          = max([for type in var.buffer.instance_types : module.capacity.types[type].vcpus]...)
    memory_gi      = max([for type in var.buffer.instance_types : module.capacity.types[type].memory_mib / 1024]...)
    general        = var.general
    csi_driver     = local.auto ? "ebs.csi.eks.amazonaws.com" : "ebs.csi.aws.com"
    clone          = var.clone_size
    clone_image    = var.clone_image
    node_class = local.auto ? {
      group = "eks.amazonaws.com", kind = "NodeClass", label = "eks.amazonaws.com"
    } : { group = "karpenter.k8s.aws", kind = "EC2NodeClass", label = "karpenter.k8s.aws" }
  }
  # Without an image nobody could clone, and twenty pods that cannot start would keep two nodes.
  placeholder = var.buffer.strategy == "placeholder" && var.clone_image != null
  templates = concat(
    ["storage-class", local.auto ? "nodeclass-auto" : "ec2nodeclass", "nodepool-buffer", "nodepool-general"],
    local.placeholder ? ["placeholder"] : [],
    local.placeholder && var.buffer.schedule != null ? ["placeholder-schedule"] : [],
  )
  rendered = [for name in local.templates : yamldecode(templatefile("${local.karpenter}/${name}.yaml.tftpl", local.values))]
  objects  = concat(local.static, local.rendered)
  manifest = join("---\n", [for object in local.objects : yamlencode(object)])
}

module "capacity" {
  source = "../node_capacity"

  clone_size = var.clone_size
}
