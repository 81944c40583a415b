// Each class here runs whole clones on all cores; all side by side, they would measure each other's patience. So there are two lines of about the same length: what kills and
// cuts off ("faults"), where much is waited for, and everything else.
[assembly: CollectionBehavior(CollectionBehavior.CollectionPerAssembly, MaxParallelThreads = 2)]
