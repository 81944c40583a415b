output "objects" {
  description = "All objects, definitions first."
  value       = local.objects
}

output "manifest" {
  description = "The same as YAML, as kubectl takes it."
  value       = local.manifest
}

output "digest" {
  description = "Changes when any object changes."
  value       = sha256(local.manifest)
}

output "slots_per_node" {
  description = "Clones that fit the smallest instance the buffer may choose."
  value       = local.slots_per_node

  precondition {
    condition     = var.buffer.slots <= var.buffer.nodes * local.slots_per_node
    error_message = "${var.buffer.slots} slots do not fit ${var.buffer.nodes} nodes of which the smallest holds ${local.slots_per_node} clones. Lower buffer.slots to ${var.buffer.nodes * local.slots_per_node}, or raise buffer.nodes to ${ceil(var.buffer.slots / max(local.slots_per_node, 1))}."
  }
}
