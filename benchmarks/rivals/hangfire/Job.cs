using Hangfire.Server;

namespace Rivals;

/// <summary>Five steps that do nothing, each noted as a parameter of the job; the last one is noted by its success.</summary>
public static class Job
{
    public static void Run(string body, PerformContext context)
    {
        for (var step = 1; step < 5; step++) context.SetJobParameter("step", step);
    }
}
