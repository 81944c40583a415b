// Each class here runs whole clones on all cores; side by side they would measure each other's patience. So they are one collection, but for the faults of dependencies:
// these have servers of their own, and mostly wait for a fault to pass and for a job to be tried again.
[assembly: CollectionBehavior(CollectionBehavior.CollectionPerAssembly, MaxParallelThreads = 2)]
