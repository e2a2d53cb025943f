// Who looks at the page, and what they may do. In: the token or the session of the moment. Asked once for each; rooms
// show by it who one is, and leave out what would be refused.
import { useQuery } from '@tanstack/react-query';
import { api, type ShownViewer } from './client.ts';
import { useSession } from './session.ts';

/** Undefined until the server has said it, and where it refuses to. */
export function useViewer(): ShownViewer | undefined {
  const { token } = useSession();
  const { data } = useQuery({
    queryKey: ['viewer', token],
    queryFn: () => api.viewer(),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return data;
}
